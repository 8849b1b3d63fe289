# Copyright 2026 The DDRNet Toolkit Authors
# SPDX-License-Identifier: Apache-2.0
"""PaddleSeg's names without a counterpart here, in the packages where it has many (PaddleSeg 2.10)."""

MODELS = frozenset(
    """
    ann attention_unet bisenet bisenetv1 ccnet danet decoupled_segnet deeplab dmnet dnlnet efficientformerv2_seg emanet
    encnet enet espnet espnetv1 fast_scnn fastfcn fcn gcnet ginet glore gscnn hardnet hrnet_contrast isanet knet lpsnet
    lraspp maskformer mla_transformer mobileseg mscale_ocrnet ocrnet pfpnnet pidnet pointrend portraitnet pp_liteseg
    pp_mobileseg pphumanseg_lite psa pspnet rtformer seaformer_seg segformer segmenter segnet segnext setr sfnet
    shufflenet_slim sinet stdcseg stfpm topformer u2net uhrnet unet unet_3plus unet_plusplus upernet upernet_cae
    upernet_vit_adapter
    ANN AttentionUNet BiSeNetV2 BiseNetV1 CCNet DANet DMNet DNLNet DecoupledSegNet DeepLabV3 DeepLabV3P EMANet ENCNet
    ENet ESPNetV1 ESPNetV2 EfficientFormerSeg FCN FastFCN FastSCNN GCNet GINet GSCNN GloRe HRNetW48Contrast HarDNet
    ISANet KNet LPSNet LRASPP LinearSegmenter MLATransformer MaskFormer MaskSegmenter MaskTransformer MobileSeg
    MscaleOCRNet OCRNet PFPNNet PIDNet PPHumanSegLite PPLiteSeg PPMobileSeg PSA PSPNet PointRend PortraitNet RTFormer
    SETR_MLA SETR_Naive SETR_PUP SFNet SINet STDCSeg STFPM SeaFormerSeg SegFormer SegFormer_B0 SegFormer_B1
    SegFormer_B2 SegFormer_B3 SegFormer_B4 SegFormer_B5 SegNeXt SegNet SegmentationTransformer ShuffleNetV2 TopFormer
    U2Net U2Netp UHRNet UNet UNet3Plus UNetPlusPlus UPerNet UPerNetCAE UPerNetViTAdapter
    """.split()
)
LAYERS = frozenset(
    """
    activation attention layer_libs ms_deformable_attention nmf_2d nonlocal2d polaried_self_attention pyramid_pool
    tensor_fusion tensor_fusion_helper vit_adapter_layers wrap_functions
    ASPPModule Activation Add AttentionBlock AuxLayer Concat ConvBNAct ConvBNLeakyReLU ConvBNPReLU
    ConvGNAct ConvNormAct ConvReLUPool CustomAvgPool2D DepthwiseConvBN Divide Flatten JPU Multiply NonLocal2D PPModule
    Reshape SeparableConvBNReLU Subtract SyncBatchNorm Transpose UAFM
    """.split()
)
DATASETS = frozenset(
    """
    chase_db1 drive eg1800 hrf mini_deep_globe_road_extraction pp_humanseg14k pssl stare supervisely
    CHASEDB1 DRIVE EG1800 HRF MaskedADE20K MiniDeepGlobeRoadExtraction PPHumanSeg14K PSSLDataset STARE SUPERVISELY
    """.split()
)
